"""Temporary."""
import pytest
def test_s(): pytest.skip("why")
@pytest.fixture
def f(): pytest.skip("in set-up")
def test_f(f): pass

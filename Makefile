# make run     set-up and the application with a demonstration year on http://127.0.0.1:8000 (PORT= changes the port)
# make test    set-up and the whole suite: SQLite, PostgreSQL, browser
# make check   format, lint, types, floors, messages, migrations and the other house rules
# make bench   the benchmarks
# make lock    newer versions of what we depend on, within pyproject.toml

PYTHON ?= python3
PORT ?= 8000
run: export CRM_BIND ?= 127.0.0.1:$(PORT)
B := .venv/bin
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := run
.PHONY: setup run test check bench lock screenshots clean

setup:
	@$(PYTHON) tools/setting_up.py

run: setup
	@data="$${CRM_DATA_DIR:-var}"; \
	if [ -z "$$CRM_DATABASE_URL" ] && { [ ! -e "$$data/crm.sqlite3" ] || [ -e "$$data/demonstration" ]; }; \
	then $(B)/crm setup --demo; else $(B)/crm setup; fi
	@exec $(B)/crm dev

test:
	@$(PYTHON) tools/setting_up.py --tests
	@$(B)/python tests/prepare.py
ifdef TESTS
	@$(B)/python -m pytest -q -n 2 --dist worksteal $(TESTS)
else # the browser's driver keeps an event loop and greenlets of its own: its tests get processes of their own
	@$(B)/python -m pytest -q -n 2 --dist worksteal tests --ignore=tests/browser
	@$(B)/python -m pytest -q -n 2 --dist worksteal tests/browser
endif

check:
	@$(PYTHON) tools/setting_up.py --tests
	$(B)/ruff format --check --quiet .
	$(B)/ruff check --quiet .
	$(B)/mypy
	$(B)/lint-imports --no-logo
	$(B)/python -m crm.translations.checking
	$(B)/python -m pytest -q --engine sqlite tests/house

bench:
	@$(PYTHON) tools/setting_up.py --tests
	@$(B)/python -m bench

screenshots:
	@$(PYTHON) tools/setting_up.py --tests
	@$(B)/python tests/prepare.py
	@$(B)/python tools/taking_screenshots.py

# The locks hold versions and hashes for every platform and no address. uv, installed on the fly, only writes them.
LOCK = $(B)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade pyproject.toml
lock: setup
	@$(B)/pip install --quiet uv
	$(LOCK) --group build -o requirements.lock
	$(LOCK) --group build --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find crm -name messages.mo -delete
	find . -name __pycache__ -prune -exec rm -rf {} +

"""Pages that look across everything: the dashboard, letters, papers, history, settings."""

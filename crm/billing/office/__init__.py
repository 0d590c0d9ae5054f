"""The office's pages about money: invoices and annual runs, payments and receipts, the accounts members transfer to."""

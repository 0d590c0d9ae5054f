"""What the office itself decides — issuer, fees, texts, habits — as rows, changed on screen or by ``crm settings``."""

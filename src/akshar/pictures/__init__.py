"""Any picture of characters -> the 32x32 that networks read; without torch."""

"""Parties: organisations, people, the accounts that act for them, what each may see, and who looked."""

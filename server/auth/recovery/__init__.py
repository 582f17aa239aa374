"""Recovery: links and codes by mail, and what changes a password or an e-mail address."""

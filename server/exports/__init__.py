"""The shop's orders and products as files for spreadsheets. May read any table; writes none."""

"""What undoes an order: cancellations, refunds, returns, disputes, and what gateways report of them."""

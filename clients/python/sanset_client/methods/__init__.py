"""The methods of the services, as the contract says them."""

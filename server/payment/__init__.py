"""What an order is paid with: gateways behind one interface, gift cards, and what a person must look at."""

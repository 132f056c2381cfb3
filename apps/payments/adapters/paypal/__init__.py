"""PayPal, through its REST API: orders that authorise, and the payments that come of them."""

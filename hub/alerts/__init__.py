"""From findings to alerts, and what people do with them."""

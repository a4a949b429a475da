"""Whether this copy of central is well, for load balancers and Prometheus."""

"""The notifier: tells people, without a Prometheus, when something is wrong and when it is over."""

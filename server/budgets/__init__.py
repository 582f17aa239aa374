"""Budgets of calls, shared by all workers and replicas."""

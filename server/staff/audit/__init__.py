"""The audit log as those see it who may."""

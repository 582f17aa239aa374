"""The second factor: codes of a device that changes every half minute, and recovery codes for when it is lost."""

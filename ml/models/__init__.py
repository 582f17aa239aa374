"""The models: how each is trained, and how its arrays answer."""

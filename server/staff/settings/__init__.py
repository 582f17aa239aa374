"""The settings of the shop as those see them who may."""

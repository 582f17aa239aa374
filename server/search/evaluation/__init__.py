"""Measuring search by judgements: the serving code on a file of products."""

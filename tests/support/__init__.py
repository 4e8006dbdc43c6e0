"""Builders and readers that tests of several parts share."""

"""Pixels become evidence. Pure: bytes and arrays in, boxes out."""

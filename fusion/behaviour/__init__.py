"""Judgements on one track, one judgement a file."""

"""Who is told, and by what channel. Everything goes through the outbox."""

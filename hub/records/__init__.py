"""The vocabulary: frozen records that every other part of the hub speaks. No IO here."""

"""Doors for cameras that speak neither MQTT nor HTTP: a folder, FTPS, mail, memory cards, live video."""

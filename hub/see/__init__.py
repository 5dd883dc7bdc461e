"""What a hub does with pictures: read them where nothing can break, and show them to a model."""

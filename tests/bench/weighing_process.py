"""The pipeline's process, but the whole set is weighed again as soon as it has been: the worst time for all else."""

from __future__ import annotations

from hub.pipeline import follow, process

if __name__ == "__main__":
    follow.WEIGHED_EVERY_S = follow.WEIGHING_REST = 0.0
    process.main()

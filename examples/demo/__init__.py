"""The parts of the demo: the stage, the program at work, and the verdict."""

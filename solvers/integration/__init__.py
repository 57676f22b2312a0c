"""From step to run: the loop, the clock, controllers, output."""

"""Models in `.ode` files of XPP."""

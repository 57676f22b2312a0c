"""From symbolic expressions to the right-hand side, the Jacobian and their programs."""

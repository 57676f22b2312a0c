"""The numerics: methods, controllers, the loop, code generation, and the targets they run on."""

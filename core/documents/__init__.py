"""Pages to print: their fonts and how text gets onto them."""

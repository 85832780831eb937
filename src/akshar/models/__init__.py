"""Networks, each a plain `nn.Module` in a file of its own, and the LightningModule around any of them."""

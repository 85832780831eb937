"""Networks, one plain `nn.Module` per file, and the LightningModule around any of them."""

"""From images on disk or fonts to batches: sources, splits, augmentation, the LightningDataModule."""

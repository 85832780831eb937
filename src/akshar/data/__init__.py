"""From images on disk to batches: data sets, cache, splits, augmentation, the LightningDataModule."""

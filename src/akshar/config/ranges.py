"""Ranges of arguments of other libraries whose signatures leave them open."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Direction = Literal["min", "max"]
Count = Annotated[int, Field(ge=1)]
MaybeCount = Annotated[int | None, Field(ge=1)]
Patience = Annotated[int, Field(ge=0)]

# target -> argument -> type, in place of the signature's
RANGES: Mapping[str, Mapping[str, Any]] = {
    "torch.nn.MultiMarginLoss": {"p": Literal[1, 2]},
    "torch.optim.AdamW": {"betas": tuple[BelowOne, BelowOne]},
    "torch.optim.lr_scheduler.CosineAnnealingLR": {"T_max": Count},
    "torch.optim.lr_scheduler.OneCycleLR": {"pct_start": Share, "total_steps": MaybeCount},
    "torch.optim.lr_scheduler.ReduceLROnPlateau": {"mode": Direction, "patience": Patience, "factor": BelowOne},
    "pytorch_lightning.callbacks.EarlyStopping": {"mode": Direction, "patience": Patience},
    "pytorch_lightning.callbacks.EMAWeightAveraging": {"decay": Share},
}

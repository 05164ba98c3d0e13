"""The sheet of paper in a picture that shows more: a table, other things, a hand, a face."""

import numpy as np
from scipy import ndimage

from mnist_utils.images.parts import AROUND, smallest_box

LEAST_SHEET, MOST_SHEET = 0.015, 0.85  # its share of the picture
MOST_CUT_OFF = 2  # of its sides by the picture's edge
LEAST_BRIGHT = 0.6  # of all that is bright; less is a square of squared paper
LEAST_BLANK = 0.6  # of it that is no ink
LEAST_FILLED = 0.82  # of the rectangle around it that it fills; an ellipse fills 0.79
FINGER = 0.08  # half a finger's width, as a share of the sheet's side
EDGE = 0.012  # of the picture's longer side: what lies along the sheet's edge is left out


def on_sheet_alone(picture: np.ndarray) -> np.ndarray | None:
    """Return the picture with the sheet's colour continued over what lies around the sheet.

    A sheet is the largest bright area, if it is about rectangular and not nearly all of the picture.

    Args:
        picture: float32 (rows, columns, 3), 0-1.

    Returns:
        float32 (rows, columns, 3), 0-1; None if there is no sheet.
    """
    from skimage.filters import threshold_otsu

    grey = ndimage.gaussian_filter(picture.mean(axis=2), 2)
    edge = max(round(EDGE * max(grey.shape)), 2)
    labels, _ = ndimage.label(grey > threshold_otsu(grey), AROUND)
    areas = np.bincount(labels.ravel(), minlength=2)[1:]
    if areas.max() <= LEAST_BRIGHT * areas.sum():
        return None
    sheet = ndimage.binary_fill_holes(labels == areas.argmax() + 1)
    cut_off = sum(side.any() for side in (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]))
    if areas.max() < LEAST_BLANK * sheet.sum() or cut_off > MOST_CUT_OFF:
        return None
    wide = max(FINGER * np.sqrt(sheet.sum()), 2 * edge)  # opened: without fingers at its edge
    inside = ndimage.distance_transform_edt(np.pad(sheet, 1, mode="edge"))[1:-1, 1:-1] > wide
    sheet = ndimage.distance_transform_edt(~inside) < wide - edge
    if not LEAST_SHEET < sheet.mean() < MOST_SHEET:
        return None
    if sheet.sum() < LEAST_FILLED * np.prod(smallest_box(sheet)):
        return None
    rows, columns = ndimage.distance_transform_edt(~sheet, return_distances=False,
                                                   return_indices=True)  # fmt: skip
    smooth = ndimage.gaussian_filter(picture, (edge / 2, edge / 2, 0))
    return np.where(sheet[..., None], picture, smooth[rows, columns])

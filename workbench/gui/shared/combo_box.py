"""Combo boxes that screen readers can name and the window's style sheet can draw."""

from PySide6.QtWidgets import QComboBox, QStyledItemDelegate


def combo_box(name: str) -> QComboBox:
    """Return an empty combo box; `name` says what is chosen."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    # The usual delegate of combo boxes ignores the style sheet.
    combo.setItemDelegate(QStyledItemDelegate(combo))
    return combo


def narrow_combo_box(name: str, n_characters: int = 8) -> QComboBox:
    """Return a combo box that may be as narrow as `n_characters`, with a long list."""
    combo = combo_box(name)
    combo.setMinimumContentsLength(n_characters)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMaxVisibleItems(20)
    return combo

"""Jobs for ``train_cli``: forms, command lines, processes, and the events that come back."""

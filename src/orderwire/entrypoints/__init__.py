"""Where the outside comes in: translate it to a call of `app` and back."""

"""Nothing of the course's: its plugin comes by the entry point. This is for the tests of the plugin."""

pytest_plugins = ["pytester"]

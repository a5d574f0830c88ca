"""The tests of kindlings itself."""

"""The pages of leads and projects."""

//! Folders, prompts and hidden states of small GPT-2 models.

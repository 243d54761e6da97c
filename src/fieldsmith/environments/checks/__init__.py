"""What is looked into before an environment is trusted: a file a kind of question, each fault a sentence for its author."""

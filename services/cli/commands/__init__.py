"""The commands of `tonghop`, by what they are about; what they show is in the view of the same name."""

"""What bench/run is made of: a module for each thing that is measured, and what they share."""

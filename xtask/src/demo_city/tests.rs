//! What must hold of the city.

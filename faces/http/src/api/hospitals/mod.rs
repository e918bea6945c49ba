//! Seeing a doctor: hospitals, times, visits.

pub mod agree_with_hospital;
pub mod arrive_at_hospital;
pub mod ask_doctor;
pub mod book_hospital_visit;
pub mod cancel_hospital_visit;
pub mod get_hospital_agreement;
pub mod get_hospital_visit;
pub mod list_doctor_times;
pub mod list_doctors;
pub mod list_hospital_visits;
pub mod list_hospitals;
pub mod parts;
pub mod pay_hospital_bill;
pub mod withdraw_from_hospital;

#pragma once

#include <cstddef>

namespace sluice {

/// Base of objects that stand in a LinkedList, at most one at a time.
template <typename T>
class LinkedListNode {
 private:
  template <typename>
  friend class LinkedList;
  T* previous_in_list_ = nullptr;
  T* next_in_list_ = nullptr;
};

/// A doubly linked list through its elements, which it does not own: joining and leaving cost no
/// memory and constant time.
template <typename T>
class LinkedList {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T* front() const { return first_; }
  [[nodiscard]] T* back() const { return last_; }
  [[nodiscard]] static T* next(const T& element) { return node(element).next_in_list_; }

  void push_back(T& element) {
    auto& own = node(element);
    own.previous_in_list_ = last_;
    own.next_in_list_ = nullptr;
    (last_ == nullptr ? first_ : node(*last_).next_in_list_) = &element;
    last_ = &element;
    ++size_;
  }

  void remove(T& element) {
    auto& own = node(element);
    T* previous = own.previous_in_list_;
    T* next = own.next_in_list_;
    (previous == nullptr ? first_ : node(*previous).next_in_list_) = next;
    (next == nullptr ? last_ : node(*next).previous_in_list_) = previous;
    own.previous_in_list_ = own.next_in_list_ = nullptr;
    --size_;
  }

 private:
  static LinkedListNode<T>& node(T& element) { return element; }
  static const LinkedListNode<T>& node(const T& element) { return element; }

  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sluice

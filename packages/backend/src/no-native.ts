// In a page's bundle this stands in the place of @twocan/backend-native, which needs Node.
export {};
